"""What drummers play where, learnt from their performances: the tables that beats and bars are found with."""
