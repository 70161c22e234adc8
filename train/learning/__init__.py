"""From random weights to a model file: gradient descent, checkpoints and logs, averages of weights, conversion."""
