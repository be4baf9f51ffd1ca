"""Posts NDJSON over several keep-alive connections with as little processor time as Python allows, since the server
shares the machine: bodies are ranges of the file, sent by the kernel."""
import json
import mmap
import os
import socket
import threading
import time


def split(path, body_bytes=1 << 20):
    """(offset, length) of bodies of whole lines, each of about `body_bytes`."""
    size = os.path.getsize(path)
    bodies = []
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        start = 0
        while start < size:
            end = view.find(b"\n", min(start + body_bytes, size) - 1) + 1
            end = end or size
            bodies.append((start, end - start))
            start = end
    return bodies


class Connection:
    """One HTTP connection. Errors of the socket are the caller's."""

    def __init__(self, host, port, path="/v1/events", timeout=120):
        self.host, self.port, self.path, self.timeout = host, port, path, timeout
        self.socket = None
        self.buffer = b""

    def open(self):
        self.socket = socket.create_connection((self.host, self.port), timeout=self.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def post_range(self, file, offset, length):
        """Posts a range of a file; -> (status, headers, parsed body)."""
        self._head(length)
        sent = 0
        while sent < length:
            count = os.sendfile(self.socket.fileno(), file.fileno(), offset + sent, length - sent)
            if count == 0:
                raise ConnectionError("the file ended early")
            sent += count
        return self._answer()

    def post(self, body):
        self._head(len(body))
        self.socket.sendall(body)
        return self._answer()

    def _head(self, length):
        if self.socket is None:
            self.open()
        self.socket.sendall((
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: application/x-ndjson\r\n"
            f"Content-Length: {length}\r\n\r\n").encode())

    def _more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed the connection")
        self.buffer += piece

    def _answer(self):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(self.buffer) < length:
            self._more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split()[1]), headers, json.loads(body) if body.strip() else {}


def load(host, port, path, connections=4, body_bytes=1 << 20):
    """Posts a whole file; -> (events stored, seconds). Waits and repeats when told to by 429 or 503."""
    bodies = split(path, body_bytes)
    lock, stored, failures = threading.Lock(), [0], []
    waiting = iter(bodies)

    def work():
        connection = Connection(host, port)
        with open(path, "rb") as file:
            while not failures:
                with lock:
                    body = next(waiting, None)
                if body is None:
                    break
                while True:
                    status, headers, answer = connection.post_range(file, *body)
                    if status not in (429, 503):
                        break
                    time.sleep(float(headers.get("retry-after", 1)))
                if status != 200 or answer.get("rejected"):
                    failures.append(f"status {status} at byte {body[0]}: {str(answer)[:300]}")
                    break
                with lock:
                    stored[0] += answer["stored"]
        connection.close()

    def guarded():
        try:
            work()
        except Exception as error:  # reported by the caller's thread
            failures.append(repr(error))

    threads = [threading.Thread(target=guarded) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failures:
        raise RuntimeError(failures[0])
    return stored[0], seconds
