"""Gunicorn of the embedded stack and of docker-compose.yml: the web server's settings with their reasons."""

import os

bind = os.environ.get("GOVCN_BIND", "0.0.0.0:5000").split(",")  # noqa: S104 (inside a container; ./govcn up binds loopback)
workers = int(os.environ.get("GOVCN_WEB_WORKERS", "2"))
threads = 4  # a page waits for Solr and PostgreSQL most of its time
worker_class = "gthread"
timeout = 120
graceful_timeout = 10
max_requests = 5000  # a slow leak in a long-lived worker never adds up
max_requests_jitter = 500
limit_request_line = 8190
forwarded_allow_ips = os.environ.get("GOVCN_TRUSTED_PROXIES", "127.0.0.1,::1")
accesslog = None
errorlog = "-"
control_socket_disable = True
