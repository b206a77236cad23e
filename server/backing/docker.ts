/** Whether a Docker engine answers, without waiting for one that is not there. */
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';

/** Null if containers can be started here; otherwise why not. */
export async function whyNoDocker(): Promise<string | null> {
  if (!(await hasAddress())) return 'DOCKER_HOST is not set and there is no Docker socket';
  try {
    // Loaded only here: the import alone takes longer than everything else in the ladder.
    const { getContainerRuntimeClient } = await import('testcontainers');
    await getContainerRuntimeClient();
    return null;
  } catch (error) {
    return `Docker does not answer (${error instanceof Error ? error.message : String(error)})`;
  }
}

async function hasAddress(): Promise<boolean> {
  if (process.env.DOCKER_HOST !== undefined) return true;
  const runtimeDir = process.env.XDG_RUNTIME_DIR ?? '/run';
  const sockets = ['/var/run/docker.sock', `${homedir()}/.docker/run/docker.sock`];
  for (const path of [...sockets, `${runtimeDir}/docker.sock`]) {
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    ) {
      return true;
    }
  }
  return false;
}
