"""Fair value -> spread -> skew -> ladder -> protections: a pipeline of small named steps; requote decisions."""
