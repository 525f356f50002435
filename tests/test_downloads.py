"""Downloads from a server that does everything wrong: named or got over, and never half a file."""

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from activarium.data import official_files
from activarium.datasets import DatasetError

WHOLE = bytes(range(256)) * 4096  # 1 MiB


class Source:
    """What torchvision's class says of a data set, as far as fetching needs it."""

    filename, base_folder, tgz_md5 = "tiny.tar.gz", "tiny", hashlib.md5(WHOLE).hexdigest()


@pytest.fixture
def server():
    """A server on this machine, which answers as the test says: server.answers = [path, …]."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            getattr(self, f"answer_{self.path.strip('/')}")()

        def head(self, status=200, length=1 << 20, **fields):
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(length))
            self.end_headers()

        def answer_whole(self):
            self.head()
            self.wfile.write(WHOLE)

        def answer_early(self):
            self.head()
            self.wfile.write(WHOLE[:1000])

        def answer_wrong(self):
            self.head()
            self.wfile.write(WHOLE[::-1])

        def answer_page(self):
            self.head(length=14)
            self.wfile.write(b"<html>log in</")

        def answer_empty(self):
            self.head(length=0)

        def answer_longer(self):
            self.head(length=len(WHOLE) + 5)
            self.wfile.write(WHOLE + b"extra")

        def answer_stalled(self):
            self.head()
            self.wfile.write(WHOLE[:1000])
            self.wfile.flush()
            time.sleep(3)

        def answer_silent(self):
            time.sleep(3)

        def answer_gone(self):
            self.head(404, 0)

        def answer_broken(self):
            self.head(500, 0)

        def answer_moved(self):
            self.head(302, 0, Location="/whole")

        def answer_circle(self):
            self.head(302, 0, Location="/circle")

        def answer_away(self):
            self.head(302, 0, Location="file:///etc/hostname")

        def log_message(self, *_):
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.daemon_threads, served.asked = True, []
    threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """A second of silence is enough in a test; no proxy between it and the server."""
    timeout = official_files._socket_timeout
    monkeypatch.setattr(official_files, "_socket_timeout", lambda seconds: timeout(seconds / 60))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def fetch(server, answer, folder):
    url = f"http://127.0.0.1:{server.server_port}/{answer}"
    file = folder / Source.filename
    official_files._download("tiny", [url], file, Source.tgz_md5, Source.filename)


@pytest.mark.parametrize("answer", ["whole", "moved"])
def test_a_whole_archive_is_taken_also_from_where_it_has_moved(server, tmp_path, answer):
    fetch(server, answer, tmp_path)
    assert (tmp_path / Source.filename).read_bytes() == WHOLE
    assert [p.name for p in tmp_path.iterdir()] == [Source.filename]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("early", ""),
        ("wrong", "what came is not the official archive"),
        ("page", "what came is not the official archive"),
        ("empty", "what came is not the official archive"),
        ("longer", "what came is not the official archive"),
        ("stalled", "timed out"),
        ("silent", "timed out"),
        ("gone", "404"),
        ("broken", "500"),
        ("circle", "302"),
        ("away", ""),
    ],
)
def test_anything_else_is_named_with_the_way_out_and_nothing_of_it_is_kept(
    server, tmp_path, answer, reason
):
    with pytest.raises(DatasetError) as refusal:
        fetch(server, answer, tmp_path)
    message = str(refusal.value)
    assert f"cannot fetch http://127.0.0.1:{server.server_port}/{answer} (" in message
    assert reason in message and "\n" not in message
    assert message.endswith("by hand, or set ACTIVARIUM_DATA to a folder that has it")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_named(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(DatasetError, match="Connection refused"):
        fetch(server, "whole", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_next_start_fetches_again_what_did_not_come_whole(server, tmp_path):
    with pytest.raises(DatasetError):
        fetch(server, "early", tmp_path)
    fetch(server, "whole", tmp_path)
    assert (tmp_path / Source.filename).read_bytes() == WHOLE
