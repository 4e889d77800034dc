"""Connections: to the number that was checked, with the name's certificate, and used again."""

import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from omnisource.collect.addresses import Endpoint, parse_address
from omnisource.collect.connections import Connections
from omnisource.collect.fetch_error import FetchError
from tests.hostile_server import Request, Server, body


@pytest.fixture
def connections():
    made = Connections(timeout_s=2, max_elapsed_s=5)
    yield made
    made.close()


def at(server: Server) -> list[Endpoint]:
    return [Endpoint(number="127.0.0.1", port=server.server_port)]


def get(connections: Connections, url: str, endpoints: list[Endpoint]) -> bytes:
    with connections.ask(parse_address(url), endpoints, {}) as answer:
        return b"".join(answer.pieces(1 << 20))


def clients(server: Server, path: str) -> list[int]:
    """Ports from which a path is asked for, one for each connection."""
    ports: list[int] = []

    def behave(request: Request) -> None:
        ports.append(request.client_address[1])
        body(b"here")(request)

    server.routes["*", path] = behave
    return ports


def test_ask__uses_a_connection_again(connections: Connections, server: Server) -> None:
    ports = clients(server, "/a")
    assert [get(connections, "http://media.test/a", at(server)) for _ in range(3)] == [b"here"] * 3
    assert len(set(ports)) == 1


def test_ask__not_for_another_origin(connections: Connections, server: Server) -> None:
    ports = clients(server, "/a")
    for host in ("media.test", "other.test"):
        get(connections, f"http://{host}/a", at(server))
    assert len(set(ports)) == 2


def test_ask__not_where_the_body_was_not_read(connections: Connections, server: Server) -> None:
    ports = clients(server, "/a")
    for _ in range(2):
        with connections.ask(parse_address("http://media.test/a"), at(server), {}):
            pass
    assert len(set(ports)) == 2


def test_ask__not_where_the_checked_number_changed(connections: Connections, server: Server) -> None:
    ports = clients(server, "/a")
    get(connections, "http://media.test/a", at(server))
    get(connections, "http://media.test/a", [Endpoint(number="127.0.0.2", port=server.server_port), *at(server)][1:])
    with pytest.raises(FetchError, match="unreachable"):
        get(connections, "http://media.test/a", [Endpoint(number="127.0.0.2", port=server.server_port)])
    assert len(set(ports)) == 1


def test_ask__an_idle_connection_that_the_server_gave_up_is_no_failure(
    connections: Connections, server: Server
) -> None:
    num_asked = 0

    def behave(request: Request) -> None:
        nonlocal num_asked
        num_asked += 1
        if num_asked == 2:  # hangs up where it should answer
            request.close_connection = True
            return
        body(b"here")(request)

    server.routes["*", "/a"] = behave
    assert [get(connections, "http://media.test/a", at(server)) for _ in range(2)] == [b"here"] * 2
    assert num_asked == 3


def test_ask__goes_to_the_next_number_where_the_first_is_dead(connections: Connections, server: Server) -> None:
    clients(server, "/a")
    dead = Endpoint(number="::1", port=server.server_port)
    assert get(connections, "http://media.test/a", [dead, *at(server)]) == b"here"


def test_ask__sends_the_name_and_not_the_number(connections: Connections, server: Server) -> None:
    clients(server, "/a")
    get(connections, "http://media.test:8080/a", at(server))
    assert server.headers[-1]["Host"] == "media.test:8080"


def test_ask__nobody_listens(connections: Connections) -> None:
    with pytest.raises(FetchError) as error:
        get(connections, "http://media.test/a", [Endpoint(number="127.0.0.1", port=1)])
    assert (error.value.reason, error.value.retry) == ("unreachable", True)
    assert error.value.detail.startswith("http://media.test: ")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse what does not fit into the queue")
def test_ask__a_machine_that_does_not_answer_is_given_up() -> None:
    connections = Connections(timeout_s=0.2, max_elapsed_s=5)
    with socket.socket() as busy, ExitStack() as waiting:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)  # nobody accepts: the queue is full with one
        for _ in range(3):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(busy.getsockname())
        with pytest.raises(FetchError, match="timeout: http://media.test: no connection in 0.2 s") as error:
            get(connections, "http://media.test/a", [Endpoint(number="127.0.0.1", port=busy.getsockname()[1])])
    assert error.value.retry
    connections.close()


def test_close__ends_what_comes_after(connections: Connections, server: Server) -> None:
    clients(server, "/a")
    get(connections, "http://media.test/a", at(server))
    connections.close()
    with pytest.raises(FetchError, match="stopped: the run ended meanwhile"):
        get(connections, "http://media.test/a", at(server))


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate for media.test that this process trusts; the key lies beside it."""
    made, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=media.test", "-addext", "subjectAltName=DNS:media.test"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    return made


@pytest.fixture
def tls_server(server: Server, certificate: Path) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def test_ask__checks_the_certificate_of_the_name(tls_server: Server) -> None:
    connections = Connections(timeout_s=2, max_elapsed_s=5)  # reads what is trusted now
    ports = clients(tls_server, "/a")
    assert [get(connections, "https://media.test/a", at(tls_server)) for _ in range(2)] == [b"here"] * 2
    assert len(set(ports)) == 1
    with pytest.raises(FetchError) as error:
        get(connections, "https://other.test/a", at(tls_server))
    assert (error.value.reason, error.value.retry) == ("bad_certificate", False)
    assert "https://other.test" in error.value.detail
    connections.close()


def test_ask__trusts_no_certificate_of_its_own_making(tls_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    connections = Connections(timeout_s=2, max_elapsed_s=5)
    with pytest.raises(FetchError, match="bad_certificate: https://media.test: self-signed certificate"):
        get(connections, "https://media.test/a", at(tls_server))
    connections.close()


def test_ask__plain_http_where_tls_is_expected(connections: Connections, server: Server) -> None:
    with pytest.raises(FetchError, match="unreachable: https://media.test"):
        get(connections, "https://media.test/a", at(server))
