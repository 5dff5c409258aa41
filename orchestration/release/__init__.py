"""What is published: the warehouse files, releases and the switch to one, and where else a release goes."""
