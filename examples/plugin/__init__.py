"""Sources of the LV2 plug-in, and a header for clients in C."""
