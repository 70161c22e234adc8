"""Networks: families of trunks, formulations of the task, and the cost of each."""
