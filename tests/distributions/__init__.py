"""torch.distributions beside ours."""
