"""The recordings and the kit of examples/, rendered."""
