"""The networks: families of trunks, formulations of the question that they answer, and what each costs."""
