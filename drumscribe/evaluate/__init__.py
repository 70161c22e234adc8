"""Evaluation of transcriptions against references: files, annotations, matching, scores, scorecard."""
