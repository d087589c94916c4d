#!/bin/sh
# Brings Apache Kafka from Maven's repository, as jars beside each other: the test of KAFKA starts a broker of it. Where it cannot be had, the test says
# that it was skipped. Writes `<tools>/kafka`: the folder with the jars, or "absent".
set -eu
tools=$1
version=4.1.0

bring() {
    command -v java >/dev/null && command -v mvn >/dev/null || return 1
    work=$(mktemp -d) || return 1
    cat > "$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>downbeat</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
POM
    mvn --quiet --batch-mode --file "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$tools/kafka-jars" \
        >/dev/null 2>&1 || return 1
    rm -rf "$work"
}

if bring; then echo "$tools/kafka-jars" > "$tools/kafka"; else echo absent > "$tools/kafka"; fi
