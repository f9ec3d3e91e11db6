"""Pooling of windows at random places beside torch's: the stream, given samples, and what is refused."""

from __future__ import annotations

import math

import pytest

from tests.core.side_by_side import alike, same


def images(lib, *shape, dtype="float64"):
    return lib.sin(lib.arange(math.prod(shape), dtype=lib.float64)).reshape(shape).to(getattr(lib, dtype))


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("lead", [(3,), (2, 3)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [{"output_size": 3}, {"output_ratio": (0.6, 0.5, 0.6)}], ids=["size", "ratio"])
def test_windows_follow_the_stream(dims, lead, dtype, size):
    def program(lib):
        lib.manual_seed(4)
        x = images(lib, *lead, *(9, 8, 7)[:dims], dtype=dtype).requires_grad_()
        pool = getattr(lib.nn.functional, f"fractional_max_pool{dims}d")
        given = {k: v[:dims] if isinstance(v, tuple) else v for k, v in size.items()}
        found, places = pool(x, 2, **given, return_indices=True)
        (found * images(lib, *found.shape, dtype=dtype)).sum().backward()
        return [found, places, x.grad, lib.rand(2)]

    same(program, within=1e-6)


def test_the_last_of_nans_counts():
    def program(lib):
        x = images(lib, 1, 4, 4)
        x[0, 1, 1] = x[0, 2, 0] = math.nan
        samples = lib.full((1, 1, 2), 0.3, dtype=lib.float64)
        return lib.nn.functional.fractional_max_pool2d_with_indices(x, 3, 2, _random_samples=samples)

    same(program)


REFUSED = {
    "neither": ((2, 6, 6), (2,), {}),
    "too large": ((2, 6, 6), (2, 6), {}),
    "a kernel of three": ((2, 6, 6), ((2, 2, 2), 3), {}),
    "a size of one": ((2, 6, 6), (2, (3,)), {}),
    "three samples": ((2, 6, 6), (2, 3), {"_random_samples": (1, 2, 3)}),
    "more channels": ((2, 6, 6), (2, 3), {"_random_samples": (1, 3, 2)}),
    "fewer images": ((2, 2, 6, 6), (2, 3), {"_random_samples": (1, 2, 2)}),
    "flat samples": ((2, 6, 6), (2, 3), {"_random_samples": (2, 2)}),
    "one dimension less": ((6, 6), (2, 3), {}),
    "one dimension more": ((1, 1, 1, 6, 6), (2, 3), {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_by_torch(name):
    shape, args, named = REFUSED[name]

    def program(lib):
        given = {key: images(lib, *value).abs() for key, value in named.items()}
        return lib.nn.functional.fractional_max_pool2d(images(lib, *shape), *args, **given)

    alike(program)


def test_volumes_have_a_place_to_spare():
    alike(lambda lib: lib.nn.functional.fractional_max_pool3d(images(lib, 1, 4, 4, 4), 2, 3))
    alike(lambda lib: lib.nn.functional.fractional_max_pool2d(images(lib, 1, 4, 4).long(), 2, 2))
