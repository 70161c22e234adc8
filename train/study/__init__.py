"""The study: what matters in drum classification, each question put to many small networks trained alike.

    cells -> training -> records -> tables, plots
                  `-> tracks -----^

A cell is one network: its family, its formulation, and what it learned from. Each is trained once and kept.
"""
