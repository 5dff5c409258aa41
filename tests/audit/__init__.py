"""What the locked packages are: known vulnerabilities, licences; and that the tree holds no secret."""
