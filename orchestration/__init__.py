"""The nightly build: raw tables in, an audited warehouse published."""
