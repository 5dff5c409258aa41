"""What customers wrote, made fit to be published: redaction, language and tone, once per distinct comment."""
