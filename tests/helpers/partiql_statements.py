"""PartiQL statements that look well formed, with names and literals made to mislead a careless reader."""

from __future__ import annotations

from random import Random

MISLEADING = (
    *("from", "FROM", "select", "where", "set", "values", "secret", "mine", " ", "  ", "\t", "\n", "\r", ","),
    *(
        ".",
        "=",
        "*",
        "(",
        ")",
        "?",
        "AS",
        "order by",
        "update",
        "and",
        "or",
        '"',
        "'",
        "\u2028",
        "\u017felect",
    ),
)
BLANKS = (" ", " ", "\n", "  ", "\t")
TABLES = ("mine", '"mine"', '"mine"."secret"', "mine.secret")
NAMES = ("id", "a", "secret", "mine", "xselect", '"secret"', "afrom", "b.secret", "c[0]")


class StatementMaker:
    """Makes statements out of one source of chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def _one(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def _junk(self) -> str:
        count = self._chance.randint(0, 4)
        return "".join(self._one(*MISLEADING) + self._one("", " ") for _ in range(count))

    def _literal(self) -> str:
        return "'" + self._junk().replace("'", "''") + "'"

    def _name(self) -> str:
        quoted = '"' + (self._junk().replace('"', '""') or "a") + '"'
        return self._one(*NAMES, quoted)

    def _value(self) -> str:
        return self._one(self._literal(), "?", "1", "'secret'", "'mine'")

    def _comparison(self) -> str:
        name, value, blank = self._name(), self._value(), self._one(*BLANKS)
        return self._one(
            f"{name}={value}",
            f"{name} <> {value}",
            f"{value}={name}",
            f"{name} IN [{value},{self._value()}]",
            f"begins_with({name},{value})",
            f"{name}{blank}BETWEEN{blank}{value}{blank}AND{blank}{self._value()}",
        )

    def _condition(self, depth: int = 0) -> str:
        if depth < 2 and self._chance.random() < 0.4:
            one, other = self._condition(depth + 1), self._condition(depth + 1)
            return self._one(f"{one} AND {other}", f"({one}\nor {other})")
        return self._comparison()

    def _clause(self, word: str) -> str:
        return self._one(*BLANKS) + word + self._one(*BLANKS)

    def _select(self) -> str:
        wanted = self._one("*", self._name(), f"{self._name()},{self._name()}", f"size({self._name()})")
        text = f"SELECT{self._one(*BLANKS)}{wanted}{self._clause('FROM')}{self._one(*TABLES)}"
        text += self._one("", self._clause("WHERE") + self._condition())
        return text + self._one("", "", f" ORDER BY {self._name()}, {self._name()}")

    def statement(self) -> str:
        """One statement."""
        table, where = self._one(*TABLES), self._clause("WHERE") + self._condition()
        change = (
            f"{self._clause(self._one('SET', 'REMOVE'))}{self._name()}{self._one('', '=' + self._value())}"
        )
        item = f"{{'id':{self._literal()}, {self._literal()}:{self._literal()}}}"
        return self._one(
            self._select(),
            f"UPDATE{self._one(*BLANKS)}{table}{change}{where}",
            f"DELETE{self._clause('FROM')}{table}{where}",
            f"INSERT{self._clause('INTO')}{table}{self._clause('VALUE')}{item}",
        )
