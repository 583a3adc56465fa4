"""The seam of a real account: each call is predicted, and compared with what AWS answered."""
