"""Apache Kafka's program: its jars, which Maven gets once, and a Java to run them.

KAFKA_LIBRARIES in the environment names the folder of the jars; without it that is
~/.cache/touchline/kafka-VERSION. It is filled when it is not there.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from flows.local.services import MissingExtra

VERSION = "4.4.0"
OLDEST_JAVA = 17
MAVEN_LIMIT_S = 110

# log4j-slf4j-impl brings what Kafka logs to log4j; Kafka's own archive ships it, its POM does not.
POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>touchline</groupId>
  <artifactId>broker-under-test</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.25.5</version>
    </dependency>
  </dependencies>
</project>
"""
# Pinned: without a version Maven takes the one its own release happens to name.
GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def java() -> str:
    """The Java that runs Kafka: JAVA_HOME's, else the one on PATH.

    Raises MissingExtra when there is none, or an older one than Kafka needs.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    wanted = (
        f"Apache Kafka needs Java {OLDEST_JAVA} or newer; Debian has it in `default-jre-headless`"
    )
    if found is None:
        raise MissingExtra(f"no program java on this machine: {wanted}")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise MissingExtra(f"{found} is {said.partition(chr(10))[0] or 'of no version'}: {wanted}")
    return found


def libraries() -> Path:
    """The folder with the jars of Kafka `VERSION`, filled by Maven when it is not there.

    Two who fill it at once do each other no harm: what is there is whole. Raises MissingExtra when
    there is no Maven, or it cannot get them.
    """
    usual = Path.home() / ".cache/touchline" / f"kafka-{VERSION}"
    folder = Path(os.environ.get("KAFKA_LIBRARIES") or usual).absolute()
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingExtra(
            f"no jars of Apache Kafka in {folder} and no program mvn to get them:"
            " Debian has it in `maven`"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-") as scratch:
        made = Path(scratch) / "libraries"
        _copy_dependencies(maven, Path(scratch), made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # else somebody else was faster; theirs is as good
                raise
    return folder


def _copy_dependencies(maven: str, scratch: Path, target: Path) -> None:
    pom = scratch / "pom.xml"
    pom.write_text(POM)
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    try:
        done = subprocess.run(
            [maven, "--batch-mode", "--quiet", f"--file={pom}", GOAL, *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MAVEN_LIMIT_S,
            check=False,
        )
        said, failed = done.stdout, done.returncode != 0
    except subprocess.TimeoutExpired:
        said, failed = f"it took more than {MAVEN_LIMIT_S} s", True
    if failed:
        line = next((line for line in said.splitlines() if "ERROR" in line), said.strip())
        raise MissingExtra(
            f"Maven could not get Apache Kafka {VERSION}, for which it needs its repository once:"
            f" {line[:500]}"
        )
