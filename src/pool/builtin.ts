/** Where there is Node's process. Its modules by this way: an import would break bundles for browsers. */
export function builtinModules(): NodeJS.Process['getBuiltinModule'] | undefined {
  const { process: node } = globalThis as { process?: Partial<NodeJS.Process> };
  return node?.getBuiltinModule;
}
