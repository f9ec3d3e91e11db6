"""Mistakes planted in the right engines beside this file: what is changed in their text, and the number of each."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
#: The right engines, as text.
RIGHT = {name: (HERE / f"{name}.py").read_text() for name in ("tensor", "value")}
RIGHT["functions"] = (HERE.parent / "notebooks" / "function_classes.txt").read_text()

# Whole passages of the right engines, where more than a line is another.
_PASS = "        for node in reversed(order):\n"
_WALK = RIGHT["tensor"].partition(_PASS)[2].partition("\n\n\ndef where")[0]
_SEARCH = RIGHT["value"].partition("        while todo:\n")[2].partition("        for node in order:\n")[0]
_SUM = RIGHT["value"].partition('(self, other), "+")\n')[2].partition("    def __mul__")[0]
_PARTS = RIGHT["tensor"].partition("def split(tensor, size):\n")[2]

#: By name: the number of the mistake, the engine, and pairs of what stands there once and what instead.
PLANTED: dict[str, tuple[int, str, tuple[tuple[str, str], ...]]] = {}


def plant(number: int, name: str, engine: str, *changes: tuple[str, str]) -> None:
    PLANTED[name] = number, engine, changes


plant(1, "overwritten", "tensor", ("share if parent.grad is None else parent.grad + share", "share"))
plant(
    1,
    "overwritten, of scalars",
    "value",
    ("self.grad += out.grad\n            other", "self.grad = out.grad\n            other"),
)
plant(
    2,
    "visited too early",
    "value",
    (
        _SEARCH,
        """            node, _ = todo.pop()
            if node not in seen:
                seen.add(node)
                order.insert(0, node)
                todo.extend((operand, False) for operand in node._operands)
""",
    ),
)
plant(
    2,
    "once per path",
    "tensor",
    (
        _PASS + _WALK,
        """
        def push(node, g):
            for parent, rule in node.edges:
                share = fit(rule(g), parent.shape)
                parent.grad = share if parent.grad is None else parent.grad + share
                push(parent, share)

        push(self.node, self.node.grad)
""",
    ),
)
plant(
    3,
    "pushed again",
    "tensor",
    (
        _PASS + _WALK,
        """
        def push(node):
            for parent, rule in node.edges:
                share = fit(rule(node.grad), parent.shape)
                parent.grad = share if parent.grad is None else parent.grad + share
                push(parent)

        push(self.node)
""",
    ),
)
plant(4, "one level", "tensor", ("in reversed(order):", "in [self.node]:"))
plant(5, "inner gradients kept", "tensor", ("if node.edges:", "if False:"))
plant(5, "inner gradients kept, of scalars", "value", ("if node._operands:", "if node is self:"))
plant(
    6,
    "nodes marked for good",
    "value",
    (
        "            node._backward()",
        """            if not hasattr(node, "done"):
                node._backward()
            node.done = True""",
    ),
)
plant(7, "cleared in vain", "tensor", ("        self.node.grad = None\n", "        self.gradient = None\n"))
plant(7, "history lost", "tensor", ("Tensor(-self.data, (self, lambda g: -g))", "Tensor(-self.data)"))
plant(8, "reflected missing", "tensor", ("__radd__, __rmul__ = __add__, __mul__", "__radd__ = __add__"))
plant(9, "reflected recursing", "value", ("return Value(other) - self", "return other - self"))
plant(10, "reflected swapped", "tensor", ("return self.of(other) - self", "return self - other"))
plant(11, "NumPy on the left", "tensor", ("    __array_ufunc__ = None\n", ""))
plant(12, "exponent", "tensor", ("(self, base), (other, exponent)", "(self, base)"))
plant(13, "power of zero", "value", ("            if n:\n", "            if True:\n"))
plant(13, "power by division", "tensor", ("n * x ** np.where(n == 0, 1.0, n - 1))", "n * x**n / x)"))
plant(13, "power by logarithm", "tensor", ("np.log(np.where(x > 0, x, 1.0))", "np.log(x)"))
plant(
    14,
    "closure not installed",
    "value",
    ("            self.grad += out.data * out.grad\n\n        out._backward = _backward\n", "            pass\n\n"),
)
plant(
    14,
    "closure in a loop",
    "value",
    (
        _SUM,
        """
        pushes = []
        for operand in (self, other):

            def push():
                operand.grad += out.grad

            pushes.append(push)
        out._backward = lambda: [push() for push in pushes]
        return out

""",
    ),
)
plant(15, "upstream modified", "tensor", ("g * (x > 0)", "np.multiply(g, x > 0, out=g)"))
plant(
    16,
    "buffer shared",
    "tensor",
    (
        "    g = g.sum(axis=tuple(range(g.ndim - len(shape))))\n",
        "    if g.shape == shape:\n        return g\n",
    ),
    (
        _WALK,
        """            for parent, rule in node.edges:
                share = fit(rule(node.grad), parent.shape)
                if parent.grad is None:
                    parent.grad = share
                else:
                    parent.grad += share
""",
    ),
)
plant(
    17, "saved value changed", "tensor", ("self.data, self.node = new.data,", "self.data[...], self.node = new.data,")
)
plant(18, "write through a view", "tensor", ("        if self.view:\n", "        if False:\n"))
plant(
    19,
    "wrong order",
    "tensor",
    ("lambda g: g * y), (other, lambda g: g * x)", "lambda g: g * x), (other, lambda g: g * y)"),
)
plant(19, "too few saved", "functions", ("ctx.save_for_backward(x, y)", "ctx.save_for_backward(x)"))
plant(20, "broadcasting", "tensor", ("fit(rule(node.grad), parent.shape)", "rule(node.grad)"))
plant(20, "on the wrong axis", "tensor", ("range(g.ndim - len(shape))", "range(len(shape), g.ndim)"))
plant(21, "sum not expanded", "tensor", ("np.broadcast_to(g.reshape(kept), shape)", "g"))
plant(21, "sum along the wrong axis", "tensor", ("g.reshape(kept), shape", "g, shape"))
plant(22, "mean of all", "tensor", ("self.data.size // max(out.data.size, 1)", "self.data.size"))
plant(22, "mean undivided", "tensor", ("out * np.divide(1.0, count)", "Tensor(out.data / count, (out, lambda g: g))"))
plant(23, "ties", "tensor", ("g * top / top.sum()", "g * top"))
plant(23, "no winner of a tie", "tensor", ("g * top / top.sum()", "g * top * (top.sum() == 1)"))
plant(24, "kink", "tensor", ("g * (x > 0)", "g * np.where(x == 0, 2.0, x > 0)"))
plant(25, "abs of 0", "tensor", ("g * np.sign(x)", "g * x / np.abs(x)"))
plant(25, "norm of 0", "tensor", ("self.data / size if size else np.zeros_like(self.data)", "self.data / size"))
plant(26, "softmax unshifted", "tensor", ("self.data - self.data.max(axis=axis, keepdims=True)", "self.data"))
plant(26, "tanh by exp", "value", ("math.tanh(self.data)", "1 - 2 / (math.exp(2 * self.data) + 1)"))
plant(27, "softmax by its diagonal", "tensor", ("s * (g - (g * s).sum(axis=axis, keepdims=True))", "s * (1 - s) * g"))
plant(
    28,
    "integer leaf",
    "tensor",
    ("data if data.dtype == np.float32 else data.astype(np.float64)", "data"),
    (
        "self.shape, self.grad, self.edges = shape, None, []",
        "self.shape, self.grad, self.edges = shape, None, []\n        self.dtype = float",
    ),
    ("        if RECORDING[0]:\n", "        self.node.dtype = self.data.dtype\n        if RECORDING[0]:\n"),
    ("fit(rule(node.grad), parent.shape)", "fit(rule(node.grad), parent.shape).astype(parent.dtype)"),
)
plant(29, "float32 promoted", "tensor", ("np.asarray(other, self.data.dtype)", "np.asarray(other)"))
plant(
    30,
    "recursion",
    "value",
    (
        _SEARCH,
        """            visit = lambda node: node in seen or (
                seen.add(node), [visit(operand) for operand in node._operands], order.append(node)
            )
            visit(todo.pop()[0])
""",
    ),
)
plant(
    31,
    "order by id",
    "value",
    (
        "        self.grad = 1.0\n",
        "        self.grad = 1.0\n        order.sort(key=lambda node: id(node) // 16 % 97)\n",
    ),
)
plant(
    31,
    "order of a set",
    "tensor",
    (_PASS, "        for node in sorted(seen, key=id):\n            if node.grad is None:\n                continue\n"),
)
plant(
    32,
    "membership by ==",
    "value",
    (
        "    def __neg__",
        "    __eq__, __hash__ = lambda self, other: self.data == other.data, object.__hash__\n\n    def __neg__",
    ),
    ("order, seen, todo = [], set(),", "order, seen, todo = [], [],"),
    ("seen.add(node)", "seen.append(node)"),
)
plant(
    32,
    "no hash beside ==",
    "value",
    (
        "    def __neg__",
        "    __eq__ = lambda self, other: self.data == other.data\n    __hash__ = None\n\n    def __neg__",
    ),
)
plant(33, "duplicates", "tensor", ("np.add.at(full, index, g)", "full[index] += g"))
plant(
    34,
    "matmul of vectors",
    "tensor",
    ("fit(whole(g) @ np.swapaxes(columns, -1, -2), rows.shape).reshape(x.shape)", "g @ y.T"),
)
plant(
    34,
    "matmul of batches",
    "tensor",
    ("fit(np.swapaxes(rows, -1, -2) @ whole(g), columns.shape)", "(np.swapaxes(rows, -1, -2) @ whole(g))"),
)
plant(35, "permutation", "tensor", ("g.transpose(np.argsort(order))", "g.transpose(order)"))
plant(36, "concat's offsets", "tensor", ("start=start, stop=stop:", "start=0, stop=stop - start:"))
plant(
    36,
    "unused part",
    "tensor",
    (
        _PARTS,
        """    parts = [Tensor(tensor.data[start : start + size]) for start in range(0, len(tensor.data), size)]
    for part in parts:
        part.node.edges = [(tensor.node, lambda g: np.concatenate([p.grad for p in parts]) / len(parts))]
    return parts
""",
    ),
)
plant(
    37,
    "mode after an error",
    "tensor",
    ("    try:\n        yield\n    finally:\n        RECORDING", "    yield\n    RECORDING"),
)
plant(37, "mode of an inner region", "tensor", ("        RECORDING[0] = before\n", "        RECORDING[0] = True\n"))
plant(38, "implicit seed", "tensor", ("self.data.size != 1:", "not self.data.size:"))
plant(
    38,
    "seed of another shape",
    "tensor",
    ("self.data.size != 1:", "not self.data.size:"),
    ("np.ones_like(self.data) if", "np.ones((), self.data.dtype) if"),
)
plant(
    38,
    "seed aliased",
    "tensor",
    ("np.array(seed)", "seed"),
    (_WALK, f"{_WALK}\n        for node in order:\n            if node.edges:\n                node.grad.fill(0)\n"),
)
plant(
    39,
    "flattened as it lies",
    "tensor",
    ("Tensor(self.data.reshape(shape)", 'Tensor(self.data.ravel("K").reshape(shape)'),
)
plant(
    40,
    "size 0",
    "tensor",
    (
        "                parent.grad = share if",
        "                assert share.max() is not None\n                parent.grad = share if",
    ),
)
plant(
    41,
    "no second order",
    "tensor",
    ("        return self.node.grad\n", "        return None if self.node.grad is None else Tensor(self.node.grad)\n"),
)
plant(
    41,
    "second order forgotten",
    "tensor",
    ("        return self.node.grad\n", "        return None if self.node.grad is None else Tensor(self.node.grad)\n"),
    ("def backward(self, seed=None):", "def backward(self, seed=None, create_graph=False):"),
)
plant(42, "in place by another value", "tensor", ("return self.become(self.moved() + other)", "return self + other"))
plant(43, "where by weights", "tensor", ("np.where(c, x.data, y.data)", "c * x.data + (1 - c) * y.data"))
plant(44, "mask drawn anew", "tensor", ("lambda g: g * mask", "lambda g: self.dropout(p).data * g"))
plant(
    3,
    "each operand pushes at once",
    "value",
    (
        _PASS + "            node._backward()\n",
        """        def push(node):
            node._backward()
            for operand in node._operands:
                push(operand)

        push(self)
""",
    ),
    ('(self, other), "+")', '{self, other}, "+")'),
    ('(self, other), "*")', '{self, other}, "*")'),
)
plant(7, "operands forgotten", "value", ('(self,), "exp")', '(), "exp")'))
_EXP = "self.grad += out.data * out.grad\n\n        out._backward = _backward"
plant(14, "rule called, not installed", "value", (_EXP, _EXP + "()"))
_SUM_RULE = "return Tensor(self.data + other.data, (self, lambda g: g), (other, lambda g: g))"
plant(
    20,
    "summed where nothing was repeated",
    "tensor",
    (_SUM_RULE, _SUM_RULE.replace("(other, lambda g: g)", "(other, lambda g: g.sum(0))")),
)
plant(
    32,
    "values that are equal to all",
    "value",
    (
        "    def exp(self):",
        """    def __eq__(self, other):
        return Value(float(self.data == other.data))

    __hash__ = object.__hash__

    def exp(self):""",
    ),
    ("order, seen, todo = [], set(),", "order, seen, todo = [], [],"),
    ("seen.add(node)", "seen.append(node)"),
)
plant(27, "no sum over the shares", "tensor", ("s * (g - (g * s).sum(axis=axis, keepdims=True))", "s * g"))
plant(4, "two levels", "tensor", ("in reversed(order):", "in (self.node, *[edge[0] for edge in self.node.edges]):"))
plant(
    2,
    "breadth first",
    "value",
    (
        _SEARCH,
        """            node, _ = todo.pop(0)
            if node not in seen:
                seen.add(node)
                order.insert(0, node)
                todo.extend((operand, False) for operand in node._operands)
""",
    ),
)
plant(
    4,
    "one level, beside ==",
    "value",
    (
        "    def exp(self):",
        """    def __eq__(self, other):
        return Value(float(self.data == getattr(other, "data", other)))

    __hash__ = object.__hash__

    def exp(self):""",
    ),
    (_PASS, "        for node in [self]:\n"),
)
plant(14, "rule installed on the operand", "value", (_EXP, _EXP.replace("out._backward =", "self._backward =")))
plant(
    1,
    "overwritten by the left operand",
    "value",
    ("self.grad += other.data * out.grad", "self.grad = other.data * out.grad + (self.grad if self is other else 0.0)"),
)
