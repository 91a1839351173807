# For workerd without Wrangler: what build.mjs makes of src/worker.js.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "ecg", worker = .ecg)],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "ecg")],
);

const ecg :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [
    (name = "worker.js", esModule = embed "build/worker.js"),
    (name = "kernels.simd.wasm", wasm = embed "build/kernels.simd.wasm"),
    (name = "kernels.scalar.wasm", wasm = embed "build/kernels.scalar.wasm"),
  ],
);
