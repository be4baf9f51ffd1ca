"""The .slt files: reading, running and writing them. See README.md beside this file for the format."""
import dataclasses

# One letter a column, by PostgreSQL's type.
LETTERS = {
    16: "B", 21: "S", 23: "I", 20: "L", 700: "F", 701: "R", 1700: "N", 25: "T", 1043: "T", 705: "T", 1184: "Z",
    1114: "M", 1082: "D", 1083: "C", 1186: "V", 2950: "U", 3802: "J", 114: "j", 17: "Y", 26: "O", 19: "n", 18: "c",
    2206: "O", 2205: "O",
}


@dataclasses.dataclass
class Record:
    kind: str                      # statement, query, copy, comment
    line: int = 0
    wanted: str = "ok"             # ok, error
    state: str = ""                # SQLSTATE of the error wanted
    types: str = ""                # letters of a query
    sort: str = "nosort"
    sql: str = ""
    body: list = dataclasses.field(default_factory=list)
    skip: set = dataclasses.field(default_factory=set)
    only: set = dataclasses.field(default_factory=set)
    text: str = ""                 # of a comment

    def runs_on(self, engine):
        return engine not in self.skip and (not self.only or engine in self.only)


def parse(path):
    """The records of a file, comments and blank lines included so that it can be written again."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    records, at = [], 0
    skip, only = set(), set()
    while at < len(lines):
        line = lines[at]
        if not line.strip() or line.startswith("#"):
            records.append(Record("comment", at + 1, text=line))
            at += 1
            continue
        words = line.split()
        if words[0] == "skipif":
            skip.add(words[1])
            at += 1
            continue
        if words[0] == "onlyif":
            only.add(words[1])
            at += 1
            continue
        record = Record(words[0], at + 1, skip=skip, only=only)
        skip, only = set(), set()
        if words[0] in ("statement", "copy"):
            record.wanted = words[1]
            record.state = words[2] if len(words) > 2 else ""
        elif words[0] == "query":
            record.types = words[1] if len(words) > 1 else ""
            record.sort = words[2] if len(words) > 2 else "nosort"
        else:
            raise SystemExit(f"{path}:{at + 1}: unknown record {words[0]!r}")
        at += 1
        sql = []
        while at < len(lines) and lines[at] != "" and lines[at] != "----":
            sql.append(lines[at])
            at += 1
        record.sql = "\n".join(sql)
        if at < len(lines) and lines[at] == "----":
            at += 1
            while at < len(lines) and lines[at] != "":
                record.body.append(lines[at])
                at += 1
        records.append(record)
    return records


def render(record):
    """The record as lines."""
    if record.kind == "comment":
        return [record.text]
    lines = [f"skipif {name}" for name in sorted(record.skip)] + [f"onlyif {name}" for name in sorted(record.only)]
    if record.kind == "query":
        sort = "" if record.sort == "nosort" else " " + record.sort
        lines.append(f"query {record.types}{sort}")
    else:
        lines.append(f"{record.kind} {record.wanted}" + (f" {record.state}" if record.state else ""))
    lines += record.sql.split("\n")
    if record.kind != "statement":
        lines += ["----", *record.body]
    return lines


def write(path, records):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(line for record in records for line in render(record)))


def escape(value):
    """One value as the files show it: NULL, (empty), or its text with control characters escaped."""
    if value is None:
        return "NULL"
    text = value.decode("utf-8")
    if text == "":
        return "(empty)"
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


@dataclasses.dataclass
class Outcome:
    """What an engine answered: an error (state set) or rows."""
    state: str = ""
    message: str = ""
    types: str = ""
    rows: list = dataclasses.field(default_factory=list)


def execute(connection, record):
    """Runs a record over the simple protocol, where every value is text."""
    from psycopg import pq
    link = connection.pgconn
    result = link.exec_(record.sql.encode())
    if result.status == pq.ExecStatus.COPY_IN:
        data = "".join(line + "\n" for line in record.body).encode()
        if data:
            link.put_copy_data(data)
        link.put_copy_end()
        while (piece := link.get_result()) is not None:
            result = piece
    if result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE):
        state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"?????").decode()
        message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message).decode()
        return Outcome(state=state, message=message)
    columns = range(result.nfields)
    types = "".join(LETTERS.get(result.ftype(column), "X") for column in columns)
    rows = ["\t".join(escape(result.get_value(row, column)) for column in columns) for row in range(result.ntuples)]
    if record.sort == "rowsort":
        rows.sort()
    return Outcome(types=types, rows=rows)
