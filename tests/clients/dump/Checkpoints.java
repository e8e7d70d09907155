/* SPDX-License-Identifier: Apache-2.0 */
import java.io.File;
import java.util.Arrays;
import kafka.server.checkpoints.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.LeaderEpochCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.PartitionMetadataFile;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;

/** Reads the small files of data directories with the classes that Kafka's broker has for them. */
public class Checkpoints {
    public static void main(String[] folders) throws Exception {
        int offsets = 0;
        int epochs = 0;
        int topics = 0;
        LogDirFailureChannel failures = new LogDirFailureChannel(folders.length);
        for (String folder : folders) {
            for (String name : new String[] {"recovery-point-offset-checkpoint",
                "replication-offset-checkpoint", "log-start-offset-checkpoint"}) {
                File file = new File(folder, name);
                if (!file.exists()) {
                    throw new AssertionError("no " + file);
                }
                offsets += new OffsetCheckpointFile(file, failures).read().size();
            }
            File[] partitions = new File(folder).listFiles(
                    f -> f.isDirectory() && f.getName().matches(".*-\\d+"));
            Arrays.sort(partitions);
            for (File partition : partitions) {
                File epoch = LeaderEpochCheckpointFile.newFile(partition);
                if (epoch.exists()) {
                    epochs += new LeaderEpochCheckpointFile(epoch, failures).read().size();
                }
                File metadata = PartitionMetadataFile.newFile(partition);
                if (new PartitionMetadataFile(metadata, failures).read().topicId() != null) {
                    topics++;
                }
            }
        }
        System.out.println(offsets + " offsets, " + epochs + " epochs, " + topics
                + " topic ids read");
    }
}
