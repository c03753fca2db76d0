# ganengine with CUDA, cuDNN and oneDNN, for the nvidia container runtime:
#
#   docker build -t ganengine .
#   docker run --rm --gpus all -v "$PWD/runs:/work/runs" ganengine -config dcgan
#
# docs/docker.md says more. scripts/check-docker runs the same steps without Docker.
FROM golang:1.26.0-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unversioned
RUN scripts/with-cuda go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/ganengine ./cmd/ganengine

FROM nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04
# oneDNN is for runs on the processor, and for -device auto where there is no GPU.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libdnnl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 trainer \
    && install -d -o trainer -g trainer /work /work/runs
COPY --from=build /out/ganengine /usr/local/bin/ganengine
USER 10001
WORKDIR /work
VOLUME /work/runs
HEALTHCHECK --interval=1m --timeout=20s --start-period=30s CMD ["ganengine", "version"]
ENTRYPOINT ["ganengine"]
CMD ["devices"]
