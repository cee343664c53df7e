// What Cassandra 5 needs of a Java 17, and settings for a small node: one collector thread, the quick compiler only.
import { join } from 'node:path';

const EXPORTS = [
  'java.base/jdk.internal.misc', 'java.base/jdk.internal.ref', 'java.base/sun.nio.ch', 'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry', 'java.rmi/sun.rmi.server', 'java.sql/java.sql', 'java.base/java.lang.ref', 'jdk.unsupported/sun.misc',
];
const OPENS = [
  'java.base/java.lang.module', 'java.base/jdk.internal.loader', 'java.base/jdk.internal.ref', 'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.math', 'java.base/jdk.internal.module', 'java.base/jdk.internal.util.jar', 'java.base/sun.nio.ch', 'java.base/java.io',
  'java.base/java.nio', 'java.base/java.lang', 'java.base/java.lang.reflect', 'java.base/java.util', 'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic', 'java.management/com.sun.jmx.remote.security', 'jdk.management/com.sun.management.internal',
];

export function javaOptions(folder, heapMb) {
  return [
    `-Xms${heapMb}m`, `-Xmx${heapMb}m`, '-Xss384k', '-XX:MaxDirectMemorySize=128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1',
    '-XX:+PerfDisableSharedMem', '-Djava.net.preferIPv4Stack=true', '-Djdk.attach.allowAttachSelf=true', '-Djdk.nio.maxCachedBufferSize=1048576',
    ...EXPORTS.map((name) => `--add-exports=${name}=ALL-UNNAMED`), ...OPENS.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    `-Dcassandra.config=file://${join(folder, 'cassandra.yaml')}`, `-Dcassandra.storagedir=${folder}`,
    `-Dlogback.configurationFile=${join(folder, 'logback.xml')}`, '-Dcassandra-foreground=yes',
    '-Dcassandra.ring_delay_ms=1000', '-Dcassandra.skip_wait_for_gossip_to_settle=0', '-Dcassandra.superuser_setup_delay_ms=0',
    `-Djava.io.tmpdir=${folder}`, `-Djna.tmpdir=${folder}`,
  ];
}
