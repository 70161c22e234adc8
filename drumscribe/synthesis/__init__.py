"""Sound synthesis: one-shots, effects, augmentation, synthetic drums."""
