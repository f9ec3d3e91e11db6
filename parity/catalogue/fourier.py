"""Discrete Fourier transforms."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, number, op, option, real

_NORM = choice("norm", "backward", "ortho", "forward")
_ANY, _REAL = "uifc", "uif"
_ALONG = [option("n", "integer", low=1, high=6), option("dim", "dim")]
_NEEDED = option("dtype", "dtype", needed=True)
_LAZY = ("ifft", "ihfft")
_NOTES = dict.fromkeys(
    [f"{name}{count}" for name in ("irfft", "hfft") for count in ("", "2", "n")],
    "half a spectrum stands for a real signal: imaginary parts of what stands for itself are not looked at",
) | {"ihfftn": "torch's out= of one dimension is left as zeros"}

# fmt: off
ROWS = [
    *(
        op(f"fft.{name}", real("input", min_ndim=1, sized=True), *_ALONG, _NORM, tags="lazy" if name in _LAZY else "",
           dtypes=dtypes, spellings="function out", note=_NOTES.get(name, ""))
        for name, dtypes in (("fft", _ANY), ("ifft", _ANY), ("rfft", _REAL), ("irfft", _ANY), ("hfft", _ANY),
                             ("ihfft", _REAL))
    ),
    *(
        op(f"fft.{name}{count}", real("input", min_ndim=2 if count == "2" else 1, max_ndim=3, sized=True),
           option("s", "spectral", dims=count), option("dim", "beforehand"), _NORM,
           tags="lazy" if name in _LAZY else "", dtypes=dtypes,
           spellings="function" if name + count == "ihfftn" else "function out",
           note=_NOTES.get(name + count, ""))
        for name, dtypes in (("fft", _ANY), ("ifft", _ANY), ("rfft", _REAL), ("irfft", _ANY), ("hfft", _ANY),
                             ("ihfft", _REAL))
        for count in ("2", "n")
    ),
    *(
        op(f"fft.{name}", argument("n", "length"), number("d", 0.25, 4), _NEEDED, dtypes="f", orders=0,
           spellings="function", note="no derivative: it takes numbers")
        for name in ("fftfreq", "rfftfreq")
    ),
    *(
        op(f"fft.{name}", real("input", min_ndim=1), option("dim", "dims"), tags="exact", dtypes="buihfc",
           spellings="function")
        for name in ("fftshift", "ifftshift")
    ),
    op("stft", real("input", min_ndim=1, max_ndim=2, sized=True), argument("n_fft", "integer", low=1, high=6),
       option("hop_length", "integer", low=1, high=3, needed=True), option("window", "taper"),
       choice("center", False, True), choice("pad_mode", "reflect", "constant"), choice("normalized", False, True),
       choice("onesided", False, True), choice("return_complex", True, needed=True), dtypes="f",
       note="pairs of real numbers, which torch deprecates, are held against torch in tests/ops"),
    op("istft", real("input", min_ndim=2, max_ndim=3, sized=True), argument("n_fft", "integer", low=1, high=6),
       option("hop_length", "integer", low=1, high=3, needed=True), option("window", "taper"),
       choice("center", False, True), choice("normalized", False, True), option("length", "integer", low=1, high=6),
       dtypes="c"),
]
