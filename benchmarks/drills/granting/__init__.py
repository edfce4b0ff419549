"""What `./govcn drill quota` is made of: the dataset and its grants, and many clients at once."""
