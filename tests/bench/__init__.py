"""The bench (make bench): times and memory of builds, nights, what others make by hand, and what a point is worth."""
