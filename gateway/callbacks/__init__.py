"""The provider-facing routes; each checks that the caller is genuine before it looks at anything else."""
