"""Networks: families of trunks, and formulations of the task."""
