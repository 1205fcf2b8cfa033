export * from './binary_crossentropy.js';
export * from './binary_focal_crossentropy.js';
export * from './categorical_crossentropy.js';
export * from './categorical_focal_crossentropy.js';
export * from './sparse_categorical_crossentropy.js';
