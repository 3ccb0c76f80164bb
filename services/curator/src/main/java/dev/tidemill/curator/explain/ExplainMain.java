package dev.tidemill.curator.explain;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// `curator explain`: what the curator would say of the records of some files.
///
/// Ends with 0 when all would be accepted, 1 when some would be refused or cannot be read, 2 when
/// the command line, the configuration or a file cannot be used.
public final class ExplainMain {
  private ExplainMain() {}

  @CommandLine.Command(
      name = "curator explain",
      mixinStandardHelpOptions = true,
      description = "Says what the curator would do with the records of files, without a broker.")
  private static final class Options {
    @CommandLine.Option(
        names = "--config",
        paramLabel = "FILE",
        description = "YAML file with the settings, as the service takes it")
    private @Nullable Path config;

    @CommandLine.Parameters(
        paramLabel = "RECORDS",
        arity = "1..*",
        description =
            ".ndjson, .jsonl or .json in the shape that ingest takes; any other file is the text of"
                + " one document")
    private List<Path> files = new ArrayList<>();
  }

  /// Explains the files and returns the exit code.
  public static int run(
      String[] args, Map<String, String> env, PrintStream out, PrintStream errors) {
    CommandLine commandLine = new CommandLine(new Options());
    Options options = commandLine.getCommand();
    try {
      if (commandLine.parseArgs(args).isUsageHelpRequested()) {
        commandLine.usage(out);
        return 0;
      }
      CuratorConfig config =
          Settings.load(options.config, env).section("curator", CuratorConfig.class);
      for (Path file : options.files) {
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
          errors.println("RECORDS must be files that can be read, was " + file);
          return 2;
        }
      }
      Explainer explainer = new Explainer(config, out);
      for (Path file : options.files) {
        RecordFile.read(file, explainer::explain);
      }
      explainer.summary();
      return explainer.allAccepted() ? 0 : 1;
    } catch (CommandLine.ParameterException | ConfigException e) {
      errors.println(e.getMessage());
      return 2;
    } catch (IOException e) {
      errors.println("RECORDS cannot be read: " + e);
      return 2;
    }
  }
}
