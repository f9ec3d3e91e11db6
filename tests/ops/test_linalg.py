"""Linear algebra that programs cannot say: refusals, singular matrices, vectors up to a phase, strides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import autodiff as ad

RNG = np.random.default_rng(5)
SQUARE = RNG.normal(size=(2, 3, 3))
TALL = RNG.normal(size=(4, 3))
WIDE = RNG.normal(size=(2, 3))
HERMITIAN = SQUARE + SQUARE.swapaxes(1, 2)
COMPLEX = SQUARE + 1j * RNG.normal(size=(2, 3, 3))


def names(lib):
    """What the expressions below are made of."""
    one = lib.eye(2, dtype=lib.float64)
    zero = lib.zeros(2, 2, dtype=lib.float64)
    return {
        "L": lib.linalg, "lib": lib, "I": one, "Z": zero, "nan": one * math.nan, "v": lib.ones(2, dtype=lib.float64),
        "R": lib.ones(2, 3, dtype=lib.float64), "H": lib.ones(2, 2, dtype=lib.float16), "f": lib.eye(2),
        "i": lib.ones(2, 2, dtype=lib.int64), "p": lib.tensor([1, 2], dtype=lib.int32),
        "bad": lib.stack([one, zero, one]), "negative": lib.stack([one, -one]),
    }  # fmt: skip


REFUSED = """
L.cholesky(negative) | lib.cholesky(negative) | L.cholesky(-I) | L.cholesky(nan) | L.cholesky(v) | L.cholesky(R)
L.cholesky(H) | L.cholesky(i) | L.cholesky_ex(negative, check_errors=True)
L.inv(Z) | L.inv(bad) | L.inv(v) | L.inv(R) | L.inv(H) | L.inv(i) | L.inv_ex(Z, check_errors=True) | lib.inverse(R)
L.solve(Z, v) | L.solve(bad, lib.ones(3, 2, 1, dtype=lib.float64)) | L.solve(R, v) | L.solve(I, f) | L.solve(H, H)
L.solve(I, lib.ones(3, dtype=lib.float64)) | L.solve(I, R, left=False) | L.solve(i, i) | L.solve(v, v)
L.det(R) | L.det(v) | L.det(H) | L.det(i) | L.slogdet(R) | L.slogdet(i) | lib.logdet(i) | lib.logdet(R)
L.qr(v) | L.qr(I, mode='x') | L.qr(i) | L.qr(H) | L.eigh(R) | L.eigh(I, UPLO='x') | L.eigh(i) | L.eigh(H) | L.eigh(v)
L.svd(nan) | L.svd(v) | L.svd(i) | L.svd(H) | L.svd(I, driver='gesvd') | L.svdvals(lib.stack([I, nan]))
L.eig(nan) | L.eig(R) | L.eig(i) | L.eig(H) | L.matrix_power(R, 2) | L.matrix_power(Z, -1) | L.matrix_power(i, -1)
L.matrix_power(I, 1.5) | L.pinv(v) | L.pinv(i) | L.pinv(H) | L.matrix_rank(i) | L.matrix_rank(v)
L.solve_triangular(i, i, upper=True) | L.solve_triangular(H, H, upper=True) | L.solve_triangular(R, I, upper=True)
L.solve_triangular(I, v, upper=True) | L.lu(i) | L.lu(v) | L.lu(I, pivot=False) | L.lu_factor(Z) | L.lu_factor(bad)
L.lu_factor(v) | L.lu_factor_ex(Z, check_errors=True) | L.lu_solve(I, p, v) | L.lu_solve(I, p, f) | L.lu_solve(R, p, I)
L.lstsq(v, v) | L.lstsq(I, R.T) | L.lstsq(I, I, driver='x') | L.lstsq(i, i) | L.lstsq(I, f)
L.matrix_exp(R) | L.matrix_exp(i) | L.matrix_exp(v) | L.householder_product(R, v) | L.householder_product(v, v)
L.cond(R, 1) | L.cond(i) | L.cond(v) | L.cond(I, 3) | L.cond(I, 'x') | L.vander(H[0]) | L.vander(v, N=1)
L.vecdot(v, f[0]) | L.vecdot(i, i) | L.multi_dot([I]) | L.multi_dot([I, R, R]) | L.multi_dot([I, f])
L.cross(R, R, dim=0) | L.cross(v, v) | lib.cross(I, I) | L.diagonal(v) | L.tensorinv(R, ind=1) | L.tensorinv(R, ind=0)
L.tensorinv(Z, ind=1) | L.tensorsolve(I, R) | L.norm(i) | L.norm(v, 'fro') | L.norm(I, 'x') | L.norm(bad, 2)
L.norm(bad, 'fro', dim=0) | L.norm(bad, 2, dim=(0, 1, 2)) | L.matrix_norm(I, 3) | L.matrix_norm(v) | L.matrix_norm(H, 2)
L.matrix_norm(I, dim=(0, 0)) | L.matrix_norm(I, dim=(0, 2)) | L.vector_norm(lib.zeros(0), math.inf)
L.vector_norm(v, dtype=lib.float32) | L.vector_norm(v, 'fro') | L.ldl_factor(R) | lib.cholesky_solve(I, f)
lib.cholesky_inverse(Z) | lib.geqrf(v) | lib.ormqr(I, v, R.T) | lib.triangular_solve(v, I)
"""


@pytest.mark.parametrize("expression", [e.strip() for e in REFUSED.replace("\n", "|").split("|") if e.strip()])
def test_refused_in_torchs_words(expression):
    told = []
    for lib in (torch, ad):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            eval(expression, {**names(lib), "math": math})
        told.append((type(caught.value).__name__.lstrip("_"), str(caught.value)))
    assert told[0] == told[1]


def test_singular_is_an_error_of_its_own():
    assert issubclass(ad.linalg.LinAlgError, RuntimeError)
    with pytest.raises(ad.linalg.LinAlgError, match=r"Batch element 1"):
        ad.linalg.inv(ad.stack([ad.eye(2), ad.zeros(2, 2), ad.eye(2)]))


# -- functions that do not see a sign or a phase ------------------------------------------------------------------


def rebuilt_from_svd(lib, x):
    U, S, Vh = lib.linalg.svd(x, full_matrices=False)
    return (U * lib.sin(S)[..., None, :]) @ Vh


def rebuilt_from_eigh(lib, x):
    values, vectors = lib.linalg.eigh(x)
    adjoint = vectors.mH if vectors.is_complex() else vectors.mT
    return (vectors * lib.sin(values)[..., None, :]) @ adjoint


def rebuilt_from_eig(lib, x):
    values, vectors = lib.linalg.eig(x)
    return (vectors * lib.sin(values)[..., None, :]) @ lib.linalg.inv(vectors)


def powers_of_eigenvalues(lib, x):
    return (lib.linalg.eigvals(x) ** 3).sum(-1)


def sizes(which, function, *args):
    def f(lib, x):
        return lib.abs(function(lib)(x, *args)[which])

    return f


BLIND = [
    (rebuilt_from_svd, TALL), (rebuilt_from_svd, WIDE), (rebuilt_from_svd, COMPLEX), (rebuilt_from_eigh, HERMITIAN),
    (rebuilt_from_eigh, COMPLEX + COMPLEX.conj().swapaxes(1, 2)), (rebuilt_from_eig, SQUARE),
    (rebuilt_from_eig, COMPLEX), (powers_of_eigenvalues, SQUARE), (powers_of_eigenvalues, COMPLEX),
    (sizes(0, lambda lib: lib.linalg.svd, False), TALL), (sizes(2, lambda lib: lib.linalg.svd, False), WIDE),
    (sizes(0, lambda lib: lib.svd), COMPLEX), (sizes(2, lambda lib: lib.svd), COMPLEX),
    (sizes(1, lambda lib: lib.linalg.eigh), HERMITIAN), (sizes(1, lambda lib: lib.linalg.eigh), COMPLEX),
]  # fmt: skip


@pytest.mark.parametrize(("function", "matrix"), BLIND)
def test_vectors_up_to_a_phase(function, matrix):
    found = []
    for lib in (torch, ad):
        rng = np.random.default_rng(3)
        x = lib.tensor(matrix).requires_grad_()
        y = function(lib, x)
        weights = rng.normal(size=tuple(y.shape)) + (1j * rng.normal(size=tuple(y.shape)) if y.is_complex() else 0)
        (first,) = lib.autograd.grad(y, x, lib.tensor(np.asarray(weights)), create_graph=True)
        along = rng.normal(size=matrix.shape) + (1j * rng.normal(size=matrix.shape) if x.is_complex() else 0)
        (second,) = lib.autograd.grad(first, x, lib.tensor(np.asarray(along)))
        found.append([lib.resolve_conj(t.detach()).numpy() if lib is torch else t.detach().numpy()
                      for t in (y, first, second)])  # fmt: skip
    for ours, theirs in zip(found[1], found[0]):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", ["svd", "eigh", "eig"])
def test_a_loss_that_sees_the_phase_is_refused(name):
    for lib in (torch, ad):
        x = lib.tensor(COMPLEX[0]).requires_grad_()
        vectors = getattr(lib.linalg, name)(x)[0 if name == "svd" else 1]
        with pytest.raises(RuntimeError, match=r"multiplication by e\^\{i phi\}"):
            lib.abs(vectors.sum()).backward()


def test_equal_eigenvalues_spoil_their_vectors_alone():
    x = ad.eye(2, dtype=ad.float64).requires_grad_()
    assert ad.autograd.grad(ad.linalg.eigvalsh(x)[0], x)[0].tolist() == [[1, 0], [0, 0]]
    assert np.isnan(ad.autograd.grad(ad.linalg.eigh(x)[1].sum(), x)[0].numpy()).all()


# -- where torch is not to be followed ----------------------------------------------------------------------------


@pytest.mark.parametrize("rank", [2, 1, 0])
def test_the_gradient_of_a_singular_determinant_is_made_of_cofactors(rank):
    """torch's is 0 there, and its second derivative nan where two singular values vanish."""
    rows = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 4.0], [5.0, 6.0, 0.0]])
    matrix = rows[:, :rank] @ rows[:rank] if rank else np.zeros((3, 3))
    x = ad.tensor(matrix).requires_grad_()
    (first,) = ad.autograd.grad(ad.linalg.det(x), x, create_graph=True)
    cofactors = np.array(
        [np.cross(matrix[1], matrix[2]), np.cross(matrix[2], matrix[0]), np.cross(matrix[0], matrix[1])]
    )
    np.testing.assert_allclose(first.detach().numpy(), cofactors, atol=1e-12)
    along = np.random.default_rng(0).normal(size=(3, 3))
    (second,) = ad.autograd.grad(first, x, ad.tensor(along))
    # The determinant is cubic: a central difference of its gradient is exact.
    a, b = matrix + along, matrix - along
    slope = sum(
        s * np.array([np.cross(m[1], m[2]), np.cross(m[2], m[0]), np.cross(m[0], m[1])])
        for s, m in ((0.5, a), (-0.5, b))
    )
    np.testing.assert_allclose(second.numpy(), slope, atol=1e-11)


@pytest.mark.parametrize("p", [1, -1, math.inf, -math.inf, "fro"])
def test_the_condition_has_a_gradient_for_every_norm(p):
    """torch's raises: it writes over the inverse that it saved."""
    x = ad.tensor(SQUARE).requires_grad_()
    (ours,) = ad.autograd.grad(ad.linalg.cond(x, p).sum(), x)
    t = torch.tensor(SQUARE, requires_grad=True)
    told = torch.linalg.matrix_norm(t, p) * torch.linalg.matrix_norm(torch.linalg.inv(t), p)
    (theirs,) = torch.autograd.grad(told.sum(), t)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-10)
    singular = torch.tensor([[1.0, 2.0], [2.0, 4.0]])
    assert ad.linalg.cond(ad.tensor(singular.numpy()), p).item() == torch.linalg.cond(singular, p).item()


def test_the_exponential_keeps_its_digits():
    """SciPy's loses half of them here."""
    ones = np.ones((4, 4))
    exact = np.eye(4) + (math.exp(4.0) - 1) / 4
    np.testing.assert_allclose(ad.linalg.matrix_exp(ad.tensor(ones)).numpy(), exact, rtol=1e-14)


# -- what is left -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("matrix", [HERMITIAN, COMPLEX + COMPLEX.swapaxes(1, 2)])
def test_systems_by_ldl_factors(matrix):
    sides = ad.tensor(RNG.normal(size=(2, 3, 2)).astype(matrix.dtype))
    x = ad.linalg.ldl_solve(*ad.linalg.ldl_factor(ad.tensor(matrix)), sides)
    np.testing.assert_allclose(matrix @ x.numpy(), sides.numpy(), atol=1e-10)


def test_no_derivative_in_torchs_words():
    x = ad.tensor(HERMITIAN).requires_grad_()
    for result, words in (
        (ad.geqrf(x)[0], "the derivative for 'geqrf' is not implemented"),
        (ad.linalg.ldl_factor(x)[0], "derivative for aten::linalg_ldl_factor_ex is not implemented"),
        (ad.linalg.qr(x, mode="r")[1], "depends on Q, which is not computed"),
        (ad.linalg.qr(ad.tensor(TALL).requires_grad_(), mode="complete")[0], "nrows > ncols"),
    ):
        with pytest.raises((NotImplementedError, RuntimeError), match=words):
            result.sum().backward()


STRIDED = {
    "inv": lambda lib, x: lib.linalg.inv(x), "solve": lambda lib, x: lib.linalg.solve(x, x),
    "cholesky_ex": lambda lib, x: lib.linalg.cholesky_ex(x)[0], "eigh": lambda lib, x: lib.linalg.eigh(x)[1],
    "svd": lambda lib, x: lib.linalg.svd(x)[2], "qr": lambda lib, x: lib.linalg.qr(x)[1],
    "lu": lambda lib, x: lib.linalg.lu(x)[1], "lu_factor": lambda lib, x: lib.linalg.lu_factor(x)[0],
    "pinv": lambda lib, x: lib.linalg.pinv(x), "matrix_exp": lambda lib, x: lib.linalg.matrix_exp(x),
    "solve_triangular": lambda lib, x: lib.linalg.solve_triangular(x, x, upper=True),
    "from the right": lambda lib, x: lib.linalg.solve_triangular(x, x, upper=True, left=False),
    "lstsq": lambda lib, x: lib.linalg.lstsq(x[:, :2], x[:, :2])[0],
}  # fmt: skip


@pytest.mark.parametrize("name", STRIDED)
def test_strides_are_torchs(name):
    ours, theirs = (tuple(STRIDED[name](lib, lib.tensor(SQUARE)).stride()) for lib in (ad, torch))
    assert ours == theirs


TITLES = {
    "inv": lambda L, x: L.linalg.inv(x),
    "det": lambda L, x: L.linalg.det(x),
    "qr": lambda L, x: L.linalg.qr(x)[0],
    "solve": lambda L, x: L.linalg.solve(x, x),
    "logdet": lambda L, x: L.logdet(x),
    "lu": lambda L, x: L.linalg.lu(x)[1],
    "svd": lambda L, x: L.svd(x)[2],
    "eigvals": lambda L, x: L.linalg.eigvals(x),
    "pinv": lambda L, x: L.pinverse(x),
    "power": lambda L, x: L.matrix_power(x, 0),
    "exp": lambda L, x: L.matrix_exp(x),
    "lstsq": lambda L, x: L.linalg.lstsq(x, x)[0],
    "triangular_solve": lambda L, x: L.triangular_solve(x, x)[1],
    "norm": lambda L, x: L.linalg.norm(x, "nuc", dim=(1, 2)),
    "householder": lambda L, x: L.orgqr(x, x[..., 0]),
    "cross": lambda L, x: L.linalg.cross(x, x),
}


@pytest.mark.parametrize("name", TITLES)
def test_nodes_have_torchs_names(name):
    ours, theirs = (TITLES[name](lib, lib.tensor(SQUARE).requires_grad_()).grad_fn.name() for lib in (ad, torch))
    assert ours == theirs


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("name", ["addmm", "addmv", "addbmm", "addr", "baddbmm"])
def test_a_product_of_nan_times_an_alpha_of_0(name, dtype):
    """BLAS leaves it out, torch's own loops do not: which of the two comes to it hangs on operator, dtype and size."""
    shapes = {
        "addmm": "nn nn nn",
        "addmv": "n nn n",
        "addbmm": "nn bnn bnn",
        "addr": "nn n n",
        "baddbmm": "bnn bnn bnn",
    }
    for n in (2, 5, 9):
        found = []
        for lib in (ad, torch):
            ones = [
                lib.ones([2 if size == "b" else n for size in shape], dtype=getattr(lib, dtype))
                for shape in shapes[name].split()
            ]
            found.append(getattr(lib, name)(ones[0], ones[1] * math.nan, ones[2], alpha=0).numpy())
        np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("pivots", [[0, 0, 0], [4, 1, 1], [-1, 2, 3]])
@pytest.mark.parametrize("name", ["linalg.lu_solve", "lu_unpack"])
def test_pivots_outside_of_the_matrix_are_refused(name, pivots):
    """LAPACK would write there."""
    found = []
    for lib in (ad, torch):
        function = lib.lu_unpack if name == "lu_unpack" else lib.linalg.lu_solve
        more = () if name == "lu_unpack" else (lib.ones(3, 1),)
        with pytest.raises(RuntimeError) as refused:
            function(lib.eye(3), lib.tensor(pivots, dtype=lib.int32), *more)
        found.append(str(refused.value))
    assert found[0] == found[1]


@pytest.mark.parametrize("upper", [False, True])
def test_the_recorded_gradient_of_cholesky_is_a_solution(upper):
    found = []
    for lib in (ad, torch):
        x = lib.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=lib.float64, requires_grad=True)
        factor = lib.linalg.cholesky(x, upper=upper)
        (g,) = lib.autograd.grad(factor.sum(), x, create_graph=True)
        (h,) = lib.autograd.grad((g * g).sum(), x)
        found.append((g.grad_fn.name(), g.detach().numpy(), h.numpy()))
    assert found[0][0] == found[1][0]
    for ours, theirs in zip(found[0][1:], found[1][1:]):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


@pytest.mark.parametrize("name", ["matmul", "mm", "linalg.multi_dot"])
def test_out_is_refused_where_torch_asks_for_gradients(name):
    """In inference mode, where matmul alone looks at the gradient mode."""
    refused = []
    for lib in (ad, torch):
        x = lib.eye(2, requires_grad=True)
        function = lib.linalg.multi_dot if name == "linalg.multi_dot" else getattr(lib, name)
        operands = ([x, x],) if name == "linalg.multi_dot" else (x, x)
        with lib.inference_mode(), lib.enable_grad():
            try:
                function(*operands, out=lib.zeros(2, 2))
                refused.append(None)
            except RuntimeError as error:
                refused.append(str(error))
    assert refused[0] == refused[1]
    assert (refused[0] is not None) == (name == "matmul")
