# py-secure-ci with every tool in it: docker run --rm -v "$PWD:/src" IMAGE
# For a build that can be repeated, pin the base: --build-arg BASE=docker.io/library/python:3.13-slim@sha256:...
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
ENV PY_SECURE_CI_CACHE=/opt/py-secure-ci/cache PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/py-secure-ci
COPY pyproject.toml README.md LICENSE ./
COPY scripts/py-secure-ci scripts/_start.py scripts/_make.py scripts/_pip.py scripts/
COPY src src
# The same hashed locks as everywhere else. Wheels that only the installers needed stay behind in this stage.
# Byte code is written now because nobody can write it later; what other Pythons' files in there fail to compile is no matter.
# Behind a proxy that shows certificates of its own: --secret id=ca,src=FILE; an index of your own: --secret id=pip,src=FILE.
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    if [ -e /run/secrets/ca ]; then export SSL_CERT_FILE=/run/secrets/ca PIP_CERT=/run/secrets/ca; fi; \
    if [ -e /run/secrets/pip ]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi; \
    scripts/py-secure-ci doctor --install \
    && rm -rf cache/uv \
    && { python3 -m compileall -q -j 0 cache >/dev/null 2>&1 || true; }

# hadolint ignore=DL3006
FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/py-secure-ci /opt/py-secure-ci
COPY container/py-secure-ci /usr/local/bin/py-secure-ci
ENV PY_SECURE_CI_CACHE=/opt/py-secure-ci/cache HOME=/tmp PYTHONDONTWRITEBYTECODE=1
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="py-secure-ci" \
      org.opencontainers.image.description="One secure CI gate for Python repositories." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /src
# No USER: the entry point becomes the owner of the mounted project before it starts anything, because a fixed user could
# not write the report there. `--user`, a read-only root and `--network none` work as well.
ENTRYPOINT ["py-secure-ci"]
CMD ["run", "/src"]
