import { Cluster, type ClusterSettings, type Member } from '../../src/membership/index.js';

/** A cluster with these members that is persisted nowhere. */
export function unsavedCluster(
  members: readonly Member[],
  settings: ClusterSettings = {},
): Cluster {
  const nowhere = () => {};
  const cluster = new Cluster(
    9n,
    {
      putMember: nowhere,
      deleteMember: nowhere,
      putRemovedMember: nowhere,
      putVersion: nowhere,
      putStorageVersion: nowhere,
      deleteStorageVersion: nowhere,
    },
    settings,
  );
  for (const member of members) cluster.addMember(member);
  return cluster;
}
