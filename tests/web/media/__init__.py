"""Tests of uploads and media in the cloud."""
