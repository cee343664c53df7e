export type { Application, ApplicationType, BusConfig, ClusterConfig, DnConfig, DnType, Options, Person } from './model.js';
