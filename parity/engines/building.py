"""A configuration lived through in a module like torch: built, fed, stepped, saved; compares nothing.

Parameters and inputs are the same arrays in every engine; only the first values are the engine's own, drawn after
`manual_seed`. A nudged life has everything that it is given moved by one rounding, up or down.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from typing import Any

import numpy as np

from parity.configuration import Configuration, Formula, Numbers, Part, chance, values

#: What was seen: in which respect, of what, and an array or plain data.
Seen = tuple[str, str, Any]
#: A context in which every result of an engine is moved by one rounding, by a number.
Nudging = Callable[[int], AbstractContextManager[Any]]
#: Steps that are taken after a state was loaded.
_AFTER = 2
#: Shapes of an optimizer's parameters, by group; the last one never gets a gradient.
_GROUPS = (((2, 3), (3,)), ((3, 1), (2,)))
#: The same of an optimizer that takes matrices alone.
_MATRICES = (((2, 3), (3, 1)), ((3, 2), (2, 2)))
#: What is drawn of inputs that have derivatives.
_SMOOTH = ("real", "positive", "beyond", "factor", "share", "logs")


class Life:
    """One configuration in one engine: `seen` grows as it is lived, and what raises ends it."""

    def __init__(
        self,
        lib: Any,
        configuration: Configuration,
        number: int | None = None,
        nudging: Nudging | None = None,
    ) -> None:
        """One with a number is nudged, and what is computed in it as well, in the context `nudging(number)`."""
        self.lib, self.configuration = lib, configuration
        self._within = nullcontext() if nudging is None or number is None else nudging(number)
        self.dtype = getattr(lib, configuration.dtype)
        self._signs = None if number is None else np.random.default_rng(number)
        self.seen: list[Seen] = []
        #: What the state_dict held at the end, arrays in tensors' stead.
        self.state: Any = None

    def lived(self, state: Any = None) -> Life:
        """Live it; from `state`, another life's, if one is given."""
        live = {
            "optimizer": self._optimizer,
            "scheduler": self._schedule,
            "distribution": self._distribution,
        }.get(self.configuration.kind, self._module)
        with warnings.catch_warnings(), self._within:
            warnings.simplefilter("ignore")
            try:
                live(state)
            except Exception as error:
                self._see("error", "what is raised", type(error).__name__)
        return self

    def _see(self, check: str, what: str, value: Any) -> None:
        self.seen.append((check, what, value))

    def _numbers(self, *what: object, shape: tuple[int, ...]) -> Any:
        return self._nudged(chance(self.configuration.seed, *what).normal(size=shape).astype(self.configuration.dtype))

    def _nudged(self, array: Any) -> Any:
        if self._signs is None:
            return array
        signs = self._signs.choice([-1.0, 1.0], size=array.shape)
        return (array * (1 + signs * np.finfo(array.dtype).eps)).astype(array.dtype)

    def _tensor(self, array: Any, grad: bool = False) -> Any:
        made = self.lib.tensor(array)
        return made.requires_grad_() if grad else made

    def _built(self, value: Any, home: Any, *before: Any) -> Any:
        """The value of a setting in this engine's words; `before`: what each part of it is given first."""
        if isinstance(value, Part):
            return made(getattr(home, value.name), self._settings(value.settings, home), *before)
        if isinstance(value, Formula):
            return value.function
        if isinstance(value, Numbers):
            numbers = np.exp(chance(self.configuration.seed, "setting", value.shape).normal(size=value.shape) / 2)
            return self.lib.tensor(numbers.astype(np.float32))
        if isinstance(value, list):
            return [self._built(item, home, *before) for item in value]
        if isinstance(value, Mapping):
            return {key: self._built(item, home, *before) for key, item in value.items()}
        return value

    def _settings(self, settings: Mapping[str, Any], home: Any, *before: Any) -> dict[str, Any]:
        return {name: self._built(value, home, *before) for name, value in settings.items()}

    # Layers and losses.

    def _module(self, state: Any) -> None:
        lib, asked = self.lib, self.configuration
        lib.manual_seed(asked.seed)
        module = made(getattr(lib.nn, asked.name), self._settings(asked.settings, lib.nn))
        if hasattr(module, "has_uninitialized_params"):
            self._see("repr", "repr before its first input", repr(module))
            module(self._tensor(values(asked.feeds[0], "float32", chance(asked.seed, "first"))))
        if state is None:
            for name, value in module.state_dict().items():
                self._see("first value", name, plain(value))
            self._see("stream", "what is drawn next", plain(lib.rand(3)))
            self._see("repr", "repr", repr(module))
            self._see("state", "metadata", _metadata(module))
        module = module.to(self.dtype)
        if state is None:
            module.load_state_dict(self._filled(module.state_dict()))
        else:
            kept = module.load_state_dict(tensors(state, lib))
            self._see("state", "keys that do not fit", [list(kept.missing_keys), list(kept.unexpected_keys)])
        for turn, training in enumerate(asked.steps if state is None else (False,)):
            module.train(training)
            lib.manual_seed(asked.seed + turn)
            when = f"{'training' if training else 'evaluation'}, step {turn + 1}"
            if asked.feeds:
                self._pass(module, turn, when)
            for name, value in module.state_dict().items():
                self._see("state", f"{name} after {when}", plain(value))
        self.state = (plain(module.state_dict()), _metadata(module))

    def _filled(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Values for everything that a module holds: none is 0 or 1 by chance, and variances are positive."""
        filled = {}
        for name, held in state.items():
            array = plain(held)
            if array.dtype.kind == "f":
                drawn = chance(self.configuration.seed, name).normal(size=array.shape) / 2
                array = self._nudged((np.exp(drawn) if "var" in name else drawn).astype(array.dtype))
            filled[name] = self.lib.tensor(array)
        return filled

    def _pass(self, module: Any, turn: int, when: str) -> None:
        asked, leaves = self.configuration, []
        args: list[Any] = []
        named: dict[str, Any] = {}
        paired: list[Any] = []
        for place, feed in enumerate(asked.feeds):
            array = values(feed, asked.dtype, chance(asked.seed, "input", place, turn))
            smooth = feed.drawn in _SMOOTH
            leaf = self._tensor(self._nudged(array) if smooth else array, smooth)
            if leaf.requires_grad:
                leaves.append((f"input {place}", leaf))
            # A layer may write into what it is given; leaves may not be written.
            given = leaf * 1 if leaf.requires_grad else leaf
            if feed.name:
                named[feed.name] = given
            elif feed.pair or paired:
                paired.append(given)
                if not feed.pair:
                    args.append(tuple(paired))
                    paired = []
            else:
                args.append(given)
        results = list(flat(module(*args, **named)))
        for place, result in enumerate(results):
            self._see("value", f"output {place} in {when}", plain(result))
            self._see("value", f"whether output {place} requires grad in {when}", result.requires_grad)
        wanted = [r for r in results if r.requires_grad]
        leaves += [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        if not wanted:
            return
        seeds = [
            self._tensor(self._numbers("seed", place, turn, shape=tuple(r.shape))) for place, r in enumerate(wanted)
        ]
        found = self.lib.autograd.grad(wanted, [leaf for _, leaf in leaves], seeds, allow_unused=True)
        for (name, _), grad in zip(leaves, found):
            self._see("gradient", f"{name} in {when}", None if grad is None else plain(grad))

    # Optimizers.

    def _optimizer(self, state: Any) -> None:
        lib, asked = self.lib, self.configuration
        params = [
            [self._tensor(self._numbers("parameter", g, i, shape=shape), True) for i, shape in enumerate(shapes)]
            for g, shapes in enumerate(_MATRICES if asked.name == "Muon" else _GROUPS)
        ]
        groups: Any = [{"params": params[0]}, {"params": params[1], **(asked.group or {})}]
        if asked.name == "LBFGS":  # one group is all that it takes
            groups = [p for group in params for p in group]
        optimizer = getattr(lib.optim, asked.name)(groups, **asked.settings)
        if state is None:
            self._see("repr", "repr", repr(optimizer))
        else:
            optimizer.load_state_dict(tensors(state, lib))
        for turn in range(len(asked.steps) if state is None else _AFTER):
            self._step(optimizer, [p for group in params for p in group][:-1], turn)
            for g, group in enumerate(params):
                for i, p in enumerate(group):
                    self._see("value", f"parameter {i} of group {g} after step {turn + 1}", plain(p))
        self.state = plain(optimizer.state_dict())
        for what, value in leaves_of(self.state):
            self._see("state", f"state_dict{what} at the end", value)

    def _step(self, optimizer: Any, params: list[Any], turn: int) -> None:
        """A step on a quadratic loss, other ones each time but for LBFGS, which looks back."""
        when = 0 if self.configuration.name == "LBFGS" else turn
        steep = [self._tensor(np.abs(self._numbers("a", i, when, shape=tuple(p.shape)))) for i, p in enumerate(params)]
        slope = [self._tensor(self._numbers("b", i, when, shape=tuple(p.shape))) for i, p in enumerate(params)]

        def closure() -> Any:
            optimizer.zero_grad()
            loss = sum(((a * p + b) * p).sum() for p, a, b in zip(params, steep, slope))
            loss.backward()
            return loss

        self._see("value", f"loss of step {turn + 1}", plain(optimizer.step(closure)))

    # Schedules.

    def _schedule(self, state: Any) -> None:
        lib, asked = self.lib, self.configuration
        rates = [float(self._nudged(np.array(rate))) for rate in (0.05, 0.5)]
        groups = [{"params": [self._tensor(np.ones(2), True)], "lr": rate} for rate in rates]
        optimizer = lib.optim.SGD(groups, lr=0.1, momentum=0.9)
        home = lib.optim.swa_utils if asked.name == "SWALR" else lib.optim.lr_scheduler
        settings = self._settings(asked.settings, home, optimizer)
        if asked.name == "ChainedScheduler":
            schedule = home.ChainedScheduler(**settings)
        else:
            schedule = getattr(home, asked.name)(optimizer, **settings)
        if state is not None:
            schedule.load_state_dict(deepcopy(state))  # torch takes entries out of what it is given
        for turn in range(len(asked.steps) if state is None else _AFTER):
            optimizer.step()
            if asked.name == "ReduceLROnPlateau":
                schedule.step(float(self._numbers("metric", turn, shape=()) / 4 + 1))
            else:
                schedule.step()
            told = [[group["lr"], group["momentum"]] for group in optimizer.param_groups]
            self._see("value", f"rates and momenta after step {turn + 1}", np.array(told))
            self._see("value", f"the last rates after step {turn + 1}", np.array(schedule.get_last_lr()))
        self.state = plain(schedule.state_dict())
        for what, value in leaves_of(self.state):
            self._see("state", f"state_dict{what} at the end", value)

    # Distributions.

    def _distribution(self, state: Any) -> None:
        """Its samples of a seeded stream, and everything that it tells, with the gradients of its parameters."""
        lib, asked = self.lib, self.configuration
        law, leaves = self._law(0)
        other, more = self._law(1)
        self._see("repr", "repr", repr(law))
        self._see("repr", "shapes of a batch and an event", [tuple(law.batch_shape), tuple(law.event_shape)])
        lib.manual_seed(asked.seed)
        drawn = law.sample((2,))
        self._see("value", "what sample draws", plain(drawn))
        self._see("stream", "what is drawn next", plain(lib.rand(3)))
        shares = chance(asked.seed, "shares").uniform(0.05, 0.95, tuple(drawn.shape)).astype(asked.dtype)

        def drawn_again() -> Any:
            lib.manual_seed(asked.seed + 1)
            return law.rsample((2,))

        told: dict[str, Callable[[], Any]] = {
            "log_prob": lambda: law.log_prob(drawn),
            "rsample": drawn_again,
            "entropy": law.entropy,
            "cdf": lambda: law.cdf(drawn),
            "icdf": lambda: law.icdf(self._tensor(self._nudged(shares))),
            "mean": lambda: law.mean,
            "mode": lambda: law.mode,
            "variance": lambda: law.variance,
            "kl_divergence": lambda: lib.distributions.kl_divergence(law, other),
        }
        for what, tell in told.items():
            try:
                result = tell()
            except Exception as error:
                self._see("error", f"what {what} raises", type(error).__name__)
                continue
            self._see("value", what, plain(result))
            self._see("value", f"whether {what} requires grad", result.requires_grad)
            if not result.requires_grad or what in asked.rough:
                continue
            seed = self._tensor(self._numbers("seed", what, shape=tuple(result.shape)))
            named = [*leaves, *((f"{name} of the other", leaf) for name, leaf in more)]
            found = lib.autograd.grad(result, [leaf for _, leaf in named], seed, allow_unused=True)
            for (name, _), grad in zip(named, found):
                self._see("gradient", f"{name} by {what}", None if grad is None else plain(grad))

    def _law(self, turn: int) -> tuple[Any, list[tuple[str, Any]]]:
        """The distribution with parameters of its own, and those."""
        asked, home = self.configuration, self.lib.distributions
        given = {
            feed.name: self._tensor(
                self._nudged(values(feed, asked.dtype, chance(asked.seed, feed.name, turn))), feed.drawn in _SMOOTH
            )
            for feed in asked.feeds
        }
        law = getattr(home, asked.name)(**self._settings(asked.settings, home), **given)
        return law, [(name, leaf) for name, leaf in given.items() if leaf.requires_grad]


def made(cls: Any, settings: dict[str, Any], *before: Any) -> Any:
    """An instance; containers of any number of arguments are given a list under `args`."""
    return cls(*before, *settings.pop("args", ()), **settings)


def _metadata(module: Any) -> dict[str, Any]:
    return {name: dict(kept) for name, kept in module.state_dict()._metadata.items()}


def flat(value: Any) -> Iterator[Any]:
    """The tensors in it, in their order."""
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from flat(item)
    elif hasattr(value, "detach"):
        yield value


def plain(value: Any) -> Any:
    """Arrays in tensors' stead, and containers as Python's own."""
    if hasattr(value, "detach"):
        return np.array(value.detach().numpy())
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    return value


def tensors(value: Any, lib: Any) -> Any:
    """Tensors in arrays' stead; a module's state comes with what its state_dict says besides."""
    if isinstance(value, np.ndarray):
        return lib.tensor(value)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], dict) and isinstance(value[1], dict):
        state = _State({key: tensors(item, lib) for key, item in value[0].items()})
        state._metadata = value[1]
        return state
    if isinstance(value, Mapping):
        return {key: tensors(item, lib) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(tensors(item, lib) for item in value)
    return value


class _State(dict[str, Any]):
    """A state_dict that remembers the versions of what wrote it."""

    _metadata: dict[str, Any]


def leaves_of(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in nested data, and where it stands; functions are what they are."""
    if isinstance(value, Mapping):
        yield where, list(map(str, value))
        for key, item in value.items():
            yield from leaves_of(item, f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        yield where, f"{type(value).__name__} of {len(value)}"
        for key, item in enumerate(value):
            yield from leaves_of(item, f"{where}[{key}]")
    elif isinstance(value, float):
        yield where, np.array(value)
    elif callable(value):
        yield where, "a function"
    else:
        yield where, value
