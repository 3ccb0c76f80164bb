package dev.tidemill.platform.config;

/// How far apart two names are.
final class Nearest {

  private Nearest() {}

  /// Whether one may be meant for the other: at most a third of the letters differ.
  static boolean near(String written, String known) {
    return distance(written, known) <= Math.max(2, Math.max(written.length(), known.length()) / 3);
  }

  /// Letters to insert, drop, change, or swap with their neighbour to get from one to the other.
  static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
