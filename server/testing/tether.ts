/**
 * Loaded into a server that a test has started: the server ends when the test does, however that
 * ends.
 */
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
