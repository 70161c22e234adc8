"""The shipped models: `.tflite` files that carry their own settings, and their cards."""
