"""How the shipped models are made: one-shots and grooves -> performances -> features -> model -> TFLite -> card."""
