"""Arithmetic, exact where numbers are. An expression is read as a syntax tree and never run as code."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, DecimalException, InvalidOperation, Overflow, localcontext
from decimal import DivisionByZero as DivisionOfDecimalByZero
from typing import Any, Final

from workflows.engine.tools import Arguments, Tool, ToolContext, ToolFailed

MAX_CHARS: Final = 1_000
MAX_BITS: Final = 14_000
"""Of a whole number; 4,214 digits, and Python writes down 4,300."""

# Errors are raised and not answered with NaN. Ten digits more than are shown, so that the shown ones are right.
_CONTEXT: Final = Context(
    prec=40, Emin=-100_000, Emax=100_000, traps=[InvalidOperation, Overflow, DivisionOfDecimalByZero]
)
_SHOWN: Final = Context(prec=30, Emin=-100_000, Emax=100_000)
_TYPOGRAPHY: Final = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "√": " sqrt "})

Number = int | Decimal


async def calculate(arguments: Arguments, context: ToolContext) -> str:
    """The value of an expression, as a text. Raises `ToolFailed`."""
    return written(value_of(arguments["expression"]))


def value_of(expression: str) -> Number:
    """Raises `ToolFailed` for what is no arithmetic, or too much of it."""
    if len(expression) > MAX_CHARS:
        raise ToolFailed(f"The expression has {len(expression):,} characters; {MAX_CHARS:,} is the most. Split it.")
    text = expression.translate(_TYPOGRAPHY).strip()
    try:
        tree = ast.parse(text, mode="eval")
        with localcontext(_CONTEXT):
            return _value(tree.body, text)
    except (SyntaxError, MemoryError, RecursionError):
        raise ToolFailed(f"{expression!r} is no arithmetic expression. Write it like (17 + 4) * sqrt(2).") from None
    except (ZeroDivisionError, DivisionOfDecimalByZero):
        raise ToolFailed("Something is divided by zero.") from None
    except (InvalidOperation, ValueError):
        raise ToolFailed("A function is not defined there, such as the root of a negative number.") from None
    except (Overflow, OverflowError, DecimalException):
        raise ToolFailed("The result is too large.") from None


def written(value: Number) -> str:
    """The number in plain digits where they are few."""
    if isinstance(value, int):
        return str(value)
    number = value.normalize(_SHOWN)
    return f"{number:f}" if -20 < number.adjusted() < 40 else f"{number:e}"


def _value(node: ast.expr, text: str) -> Number:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() as value):
            return _bounded(value)
        case ast.Constant(value=float()):
            # As it was written: 0.1 is a tenth.
            return _CONTEXT.create_decimal((ast.get_source_segment(text, node) or repr(node.value)).replace("_", ""))
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _SIGNS:
            return _SIGNS[type(op)](_value(operand, text))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_value(left, text), _value(right, text))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _called(name, [_value(one, text) for one in args])
    raise ToolFailed(
        f"{(ast.get_source_segment(text, node) or text)[:80]!r} is nothing that this calculator knows. It knows "
        f"numbers, + - * / // % **, parentheses, {', '.join(_CONSTANTS)} and {', '.join(_FUNCTIONS)}."
    )


def _called(name: str, values: list[Number]) -> Number:
    function, least, most = _FUNCTIONS[name]
    if not least <= len(values) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise ToolFailed(f"{name} takes {count} values, and was given {len(values)}.")
    return function(*values)


def _bounded(value: int) -> int:
    if value.bit_length() > MAX_BITS:
        raise OverflowError
    return value


def _both(
    of_integers: Callable[[int, int], int], of_decimals: Callable[[Decimal, Decimal], Decimal]
) -> Callable[[Number, Number], Number]:
    def operation(left: Number, right: Number) -> Number:
        if isinstance(left, int) and isinstance(right, int):
            return _bounded(of_integers(left, right))
        return of_decimals(Decimal(left), Decimal(right))

    return operation


def _floor_divided(left: Decimal, right: Decimal) -> Decimal:
    return (left / right).to_integral_value("ROUND_FLOOR")


def _divided(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int) and right and left % right == 0:
        return left // right
    return Decimal(left) / Decimal(right)


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        # Before it is computed: 10**10**10 would take the memory of the machine.
        if base.bit_length() * exponent > MAX_BITS and abs(base) > 1:
            raise OverflowError
        return int(base ** (exponent if abs(base) > 1 else min(exponent, 2 + exponent % 2)))
    return Decimal(base) ** Decimal(exponent)


def _float(function: Callable[..., float]) -> Callable[..., Number]:
    """A function of the library, which computes with floats: 15 digits."""

    def of(*values: Number) -> Number:
        return Context(prec=15).create_decimal(repr(function(*map(float, values))))

    return of


def _rounded(value: Number, digits: Number = 0) -> Number:
    if not isinstance(digits, int) or abs(digits) > 40:
        raise ToolFailed("round takes a value and how many digits are to stay behind the point, up to 40.")
    result = round(Decimal(value), digits)
    return int(result) if digits <= 0 else result


def _factorial(value: Number) -> Number:
    if not isinstance(value, int) or not 0 <= value <= 1_000:
        raise ToolFailed("factorial takes a whole number from 0 to 1000.")
    return math.factorial(value)


def _whole(function: Callable[..., int]) -> Callable[..., Number]:
    def of(*values: Number) -> Number:
        if not all(isinstance(value, int) for value in values):
            raise ToolFailed("gcd and lcm take whole numbers.")
        return _bounded(function(*values))

    return of


def _sum(*values: Number) -> Number:
    total: Number = 0
    for value in values:
        total = _OPERATIONS[ast.Add](total, value)
    return total


_CONSTANTS: Final[Mapping[str, Number]] = {
    "pi": Decimal("3.141592653589793238462643383279502884197"),
    "e": Decimal("2.718281828459045235360287471352662497757"),
}
_SIGNS: Final[Mapping[Any, Callable[[Number], Number]]] = {
    ast.UAdd: lambda value: +value,
    ast.USub: lambda value: -value,
}
_OPERATIONS: Final[Mapping[Any, Callable[[Number, Number], Number]]] = {
    ast.Add: _both(operator.add, operator.add),
    ast.Sub: _both(operator.sub, operator.sub),
    ast.Mult: _both(operator.mul, operator.mul),
    ast.Div: _divided,
    ast.FloorDiv: _both(operator.floordiv, _floor_divided),
    ast.Mod: _both(operator.mod, lambda a, b: a - b * _floor_divided(a, b)),
    ast.Pow: _power,
    # Nobody who writes 2^10 to a calculator means an exclusive or.
    ast.BitXor: _power,
}
_MANY: Final = 100
_FUNCTIONS: Final[Mapping[str, tuple[Callable[..., Number], int, int]]] = {
    "abs": (abs, 1, 1),
    "round": (_rounded, 1, 2),
    "floor": (lambda value: _bounded(math.floor(value)), 1, 1),
    "ceil": (lambda value: _bounded(math.ceil(value)), 1, 1),
    "min": (min, 1, _MANY),
    "max": (max, 1, _MANY),
    "sum": (_sum, 1, _MANY),
    "sqrt": (lambda value: Decimal(value).sqrt(), 1, 1),
    "exp": (lambda value: Decimal(value).exp(), 1, 1),
    "ln": (lambda value: Decimal(value).ln(), 1, 1),
    "log10": (lambda value: Decimal(value).log10(), 1, 1),
    "log": (_float(math.log), 1, 2),
    "sin": (_float(math.sin), 1, 1),
    "cos": (_float(math.cos), 1, 1),
    "tan": (_float(math.tan), 1, 1),
    "asin": (_float(math.asin), 1, 1),
    "acos": (_float(math.acos), 1, 1),
    "atan": (_float(math.atan), 1, 1),
    "degrees": (_float(math.degrees), 1, 1),
    "radians": (_float(math.radians), 1, 1),
    "factorial": (_factorial, 1, 1),
    "gcd": (_whole(math.gcd), 2, _MANY),
    "lcm": (_whole(math.lcm), 2, _MANY),
}

CALCULATOR: Final = Tool(
    name="calculator",
    description="Computes an arithmetic expression exactly: numbers, + - * / // % **, parentheses, pi, e, and the "
    f"functions ({', '.join(_FUNCTIONS)}). Angles are in radians.",
    call=calculate,
    parameters={
        "type": "object",
        "properties": {
            "expression": {"type": "string", "minLength": 1, "description": "Such as (17.5 * 3 + 4) / sqrt(2)"}
        },
        "required": ["expression"],
        "additionalProperties": False,
    },
    timeout_s=5,
    output_limit=10_000,
)
