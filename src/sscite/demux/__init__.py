"""Which sample each droplet came from: a joint count model, two witnesses, and genotypes."""
