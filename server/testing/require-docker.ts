/**
 * Ends with 1 and one line unless containers can be started here: before a run that would fail in
 * each of its files without them.
 */
import { whyNoDocker } from '../backing/docker.ts';

const reason = await whyNoDocker();
if (reason !== null) {
  process.stderr.write(
    `these tests need Docker: start it (https://docs.docker.com/engine/install), ` +
      `or set DOCKER_HOST; npm test needs none (${reason})\n`,
  );
  process.exitCode = 1;
}
