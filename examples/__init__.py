"""Examples that train to something worth looking at; each on torch or on autodiff by one switch."""
